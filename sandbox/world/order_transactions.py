"""Transactions of orders, as `/v3/orders/{id}/transactions` sends them."""

from __future__ import annotations

from sandbox.chance import pick, weighted
from sandbox.clock import iso
from sandbox.table import Row

# Ids follow from the id of the order, and soon pass 32 bits.
_IDS_PER_ORDER = 16
_FIRST_ID = 4_294_960_000

_GATEWAYS = {
    "credit_card": "stripe",
    "offline": "bankdeposit",
    "custom": "custom",
    "gift_certificate": "giftcertificate",
    "store_credit": "storecredit",
}
_METHODS = weighted(
    {"credit_card": 20, "offline": 4, "custom": 3, "gift_certificate": 2, "store_credit": 3}
)


def transaction(order: int, nth: int, count: int, created: int, bits: int) -> Row:
    """The nth of so many transactions of an order that was created then."""
    key = _FIRST_ID + order * _IDS_PER_ORDER + nth
    steps = ("purchase",) if count == 1 else ("authorization", "capture")
    event = steps[nth] if nth < len(steps) else "refund"
    method = pick(_METHODS, bits >> 30)
    card = method == "credit_card"
    return {
        "id": key,
        "order_id": str(order),
        "event": event,
        "method": method,
        "amount": (100 + (bits >> 20) % 20_000) / 100,
        "currency": "USD",
        "gateway": _GATEWAYS[method],
        "gateway_transaction_id": f"ch_{key}",
        "date_created": iso(created + 60 * nth),
        "test": False,
        "status": "ok" if bits % 37 else "error",
        "fraud_review": False,
        "reference_transaction_id": key - 1 if nth else None,
        "payment_method_id": "stripe.card" if card else "",
        "payment_instrument_token": None,
        "provider_instrument_token": None,
        "provider_customer_id": None,
        "offline": {"display_name": "Bank Deposit"} if method == "offline" else None,
        "custom": {"payment_method": "Manual"} if method == "custom" else None,
        "avs_result": {"code": "Y", "message": "", "street_match": "", "postal_match": ""}
        if card
        else {},
        "cvv_result": {"code": "M", "message": ""} if card else {},
        "credit_card": {
            "card_type": "visa",
            "card_iin": "411111",
            "card_last4": "1111",
            "card_expiry_month": 1 + bits % 12,
            "card_expiry_year": 2030,
        }
        if card
        else None,
        "gift_certificate": {
            "code": f"GC{order}",
            "original_balance": 100,
            "starting_balance": 100,
            "remaining_balance": 35.5,
            "status": "active",
        }
        if method == "gift_certificate"
        else None,
        "store_credit": {"remaining_balance": 12.25} if method == "store_credit" else None,
        "custom_provider_field_result": None
        if card
        else {
            "receipt_number": None,
            "authorization_code": None,
            "fraud_response": None,
            "amount_received": None,
        },
    }
