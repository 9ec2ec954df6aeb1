"""B2B Edition: companies, whoever buys and sells for them, quotes, orders, invoices, payments."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from sandbox.chance import mix, pick, uuid
from sandbox.children import Children
from sandbox.clock import DAY
from sandbox.table import Columns, Row, Table
from sandbox.world import words
from sandbox.world.catalog import Catalog
from sandbox.world.content import channel_id
from sandbox.world.history import History
from sandbox.world.small_tables import small_table

_PERMISSIONS = ("get_addresses", "create_address", "get_orders", "place_order", "get_quotes")
_ROLES = ("Admin", "Senior Buyer", "Junior Buyer", "Accountant")
_REFERRED_AT_MOST = 60


class B2b:
    """Makes the rows; every one is settled by the seed and its id. Dates are Unix seconds."""

    def __init__(
        self,
        seed: int,
        history: History,
        customers: Table,
        catalog: Catalog,
        orders: Table,
        channels: int,
    ) -> None:
        self._seed, self._history = mix(seed, 41), history
        self._catalog, self._channels = catalog, channels
        # Of what rows refer to, the first ones: they stay as they are when rows are added.
        self._customers = tuple(customers.columns["id"][:_REFERRED_AT_MOST])
        self._orders = tuple(orders.columns["id"][:_REFERRED_AT_MOST])
        self._products = min(_REFERRED_AT_MOST, len(catalog.products.columns["id"]))
        self._keys: dict[str, tuple[int, ...]] = {}
        dated = self._dated
        self._companies = dated("b2b_companies", 9, self._company, "companyId")
        self._users = dated("b2b_users", 21, self._user)
        self._addresses = dated("b2b_addresses", 17, self._address, "addressId")
        self._quotes = dated("b2b_quotes", 14, self._quote, "quoteId")
        self._invoices = dated("b2b_invoices", 12, self._invoice)
        self._payments = dated("b2b_payments", 11, self._payment)
        self._receipts = dated("b2b_receipts", 8, self._receipt)
        b2b_orders = dated("b2b_orders", len(self._orders), self._order)
        companies = self._companies.columns["companyId"]
        credit: Columns = {"companyId": array("q", companies)}
        terms: Columns = {"companyId": array("q", companies)}
        staff = small_table("b2b_sales_staff", [_sales_staff(nth) for nth in range(3)])
        self.tables = (
            self._companies,
            self._users,
            self._addresses,
            self._quotes,
            b2b_orders,
            self._invoices,
            self._payments,
            self._receipts,
            dated("b2b_receipt_lines", 13, self._receipt_line),
            dated("b2b_super_admins", 4, self._super_admin),
            dated("b2b_shopping_lists", 12, self._shopping_list),
            small_table("b2b_channels", [_channel(nth) for nth in range(channels)]),
            staff,
            small_table("b2b_company_roles", [_role(nth) for nth in range(len(_ROLES))]),
            small_table("b2b_company_permissions", [_permission(n) for n in range(5)]),
            Table("b2b_company_credit", credit, _credit, key="companyId"),
            Table("b2b_payment_terms", terms, _terms, key="companyId"),
        )
        self.children = (
            Children("b2b_payment_transactions", self._payments, self._transactions),
            Children("b2b_sales_staff_details", staff, self._details),
        )

    def _dated(
        self, name: str, size: int, make: Callable[[int, int], Row], key: str = "id"
    ) -> Table:
        """A table of rows that are made of their key and their bits, and have both dates."""
        seed = mix(self._seed, len(name), size)
        created, modified = self._history.dates(seed, size)
        keys = self._history.ids(seed, size, first=1_000 + 10 * size)
        self._keys[name] = tuple(keys)
        columns: Columns = {key: keys, "date_created": created, "date_modified": modified}

        def made(at: int) -> Row:
            row_key = columns[key][at]
            return {
                key: row_key,
                **make(row_key, mix(seed, row_key)),
                "createdAt": columns["date_created"][at],
                "updatedAt": columns["date_modified"][at],
            }

        return Table(name, columns, made, key=key)

    # Companies and people

    def _details(self, at: int) -> list[Row]:
        """What one of the sales staff is, with the companies they look after: all but one each."""
        companies = [
            {
                "id": key,
                "bcId": "2",
                "companyName": f"Company {key}",
                "bcGroupName": "Trade",
                "assignedAt": self._history.start + key,
            }
            for nth, key in enumerate(self._keys["b2b_companies"])
            if nth % 3 != at
        ]
        staff = _sales_staff(at)
        return [{**staff, "companyCount": len(companies), "assignedCompanies": companies}]

    def _company(self, key: int, bits: int) -> Row:
        parent = self._some(self._companies, bits >> 9)
        price_list = {"priceListId": 2, "priceListName": "Trade"}
        channel = {"channelId": channel_id(0), "channelName": "Storefront"}
        field = {
            "fieldName": "Tax code",
            "fieldValue": f"C{key}",
            "labelName": "Tax code",
            "isRequired": "0",
            "dataType": "0",
            "fieldType": 0,
        }
        return {
            "companyName": f"{pick(words.LAST, bits)} & Co {key}",
            "companyEmail": words.email(key),
            "companyPhone": f"+1 555 {key}",
            "catalogId": "2",
            "catalogName": "Trade",
            "bcGroupId": 2,
            "bcGroupName": "Trade",
            "companyStatus": str(bits % 4),
            "parentCompany": {"id": parent, "name": f"Company {parent}"} if bits % 3 == 0 else {},
            "priceListAssign": [{**channel, **price_list}] if bits % 2 else [],
            "extraFields": [field],
            "uuid": uuid(self._seed, key),
        }

    def _user(self, key: int, bits: int) -> Row:
        return {
            **_person(key, bits),
            "phoneNumber": f"+1 555 {key}",
            "role": bits % 3,
            "companyRoleId": 1 + bits % len(_ROLES),
            "companyRoleName": _ROLES[bits % len(_ROLES)],
            "companyId": self._some(self._companies, bits >> 5),
            "customerId": self._of(self._customers, bits >> 8),
            "uuid": uuid(self._seed, 2, key),
            "channelList": self._channel_list(bits),
            "extraFields": _extra_fields(key),
        }

    def _super_admin(self, key: int, bits: int) -> Row:
        return {
            **_person(key, bits),
            "phone": f"+1 555 {key}",
            "uuid": uuid(self._seed, 3, key),
            "channelList": self._channel_list(bits),
            "extraFields": _extra_fields(key),
        }

    def _address(self, key: int, bits: int) -> Row:
        city, state, code, country, country_code = pick(words.PLACES, bits)
        return {
            "companyId": self._some(self._companies, bits >> 5),
            "firstName": pick(words.FIRST, bits >> 3),
            "lastName": pick(words.LAST, bits >> 6),
            "phoneNumber": f"+1 555 {key}",
            "addressLine1": f"{key} {pick(words.STREETS, bits)}",
            "addressLine2": "",
            "city": city,
            "stateName": state,
            "stateCode": state[:2].upper(),
            "zipCode": code,
            "countryName": country,
            "countryCode": country_code,
            "isBilling": bits % 2 == 0,
            "isShipping": True,
            "isDefaultBilling": bits % 4 == 0,
            "isDefaultShipping": bits % 5 == 0,
            "label": f"Warehouse {key}",
            "externalId": f"erp-{key}",
            "extraFields": [{**each, "fieldType": 0} for each in _extra_fields(key)],
        }

    def _shopping_list(self, key: int, bits: int) -> Row:
        # The first users have several.
        user = self._keys["b2b_users"][bits % 4]
        return {
            "name": f"Shopping list {key}",
            "description": "Every month",
            "status": pick((0, 30, 40), bits),
            "companyId": self._some(self._companies, bits >> 5),
            "userId": user,
            "channelId": channel_id(0),
            "channelName": "Storefront",
        }

    # Quotes and orders

    def _quote(self, key: int, bits: int) -> Row:
        brief = self._catalog.brief(bits % self._products) if self._products else None
        company = self._some(self._companies, bits >> 5)
        name = pick(words.LAST, bits >> 3)
        order = self._of(self._orders, bits >> 8)
        where = _quote_address(key, bits)
        line = {
            "productId": brief.id if brief else 0,
            "productName": brief.name if brief else "Custom",
            "variantId": brief.variant_id if brief else 0,
            "sku": f"SKU-{key}",
            "basePrice": 25.5,
            "discount": 10.5,
            "offeredPrice": 20.25,
            "costPrice": 4.95,
            "quantity": 1 + bits % 20,
            "orderQuantityMaximum": 0,
            "orderQuantityMinimum": 0,
            "imageUrl": "https://shop.example.com/image.jpg",
            "productUrl": "/thing/",
            "options": [
                {"optionId": 5, "optionValue": "8", "optionLabel": "Red", "optionName": "Colour"}
            ],
            "inventoryTracking": "none",
            "inventoryLevel": 0,
            "purchasedHandled": False,
            "type": "physical",
            "isFreeShipping": False,
            "availability": True,
            "isPriceHidden": False,
            "purchasingDisabled": "available",
            "foundInBc": True,
            "hasInvalidOptions": False,
        }
        file = {
            "id": key,
            "fileName": "order.pdf",
            "fileType": "application/pdf",
            "fileUrl": f"https://shop.example.com/{key}.pdf",
        }
        return {
            "quoteNumber": f"QN{key}",
            "quoteTitle": f"Quote {key}",
            "referenceNumber": f"R{key}",
            "status": pick((0, 2, 3, 4, 5, 6, 7), bits),
            "company": f"{name} & Co {company}",
            "salesRep": f"{pick(words.FIRST, bits)} {name}",
            "createdBy": f"{pick(words.FIRST, bits)} {name}",
            "bcOrderId": str(order) if bits % 3 == 0 else "",
            "orderId": str(key) if bits % 3 == 0 else "",
            "channelId": self._channel(bits),
            "channelName": "Storefront",
            "currency": {
                "token": "$",
                "location": "left",
                "currencyCode": "USD",
                "decimalToken": ".",
                "decimalPlaces": 2,
                "thousandsToken": ",",
                "currencyExchangeRate": 1.34,
            },
            "subtotal": 1495.5,
            "discount": 20.5,
            "discountType": bits % 3,
            "discountValue": 20.5 if bits % 2 else None,
            "shippingTotal": 12.5,
            "taxTotal": 99.25,
            "totalAmount": 1586.75,
            "grandTotal": 1586.75,
            "notes": "Call before delivery",
            "legalTerms": "30 days",
            "displayDiscount": True,
            "allowCheckout": bits % 2 == 0,
            "productList": [line] * (1 + bits % 3),
            "shippingAddress": where,
            "billingAddress": where,
            "shippingMethod": {
                "id": 1725,
                "b2bId": 1725,
                "type": "custom",
                "cost": 12.5,
                "description": "Pallet",
                "additionalDescription": "",
                "imageUrl": "",
                "isCustom": True,
                "transitTime": "2 days",
            },
            "contactInfo": {
                "name": f"{pick(words.FIRST, bits)} {name}",
                "email": words.email(key),
                "companyName": f"{name} & Co {company}",
                "phoneNumber": f"+1 555 {key}",
            },
            "storeInfo": {
                "storeName": "Sandbox Store",
                "storeAddress": "1 Main Street, Austin",
                "storeCountry": "United States",
                "storeLogo": "",
            },
            "companyInfo": {
                "companyId": company,
                "companyName": f"{name} & Co {company}",
                "companyAddress": "1 Mill Lane",
                "companyCity": "Austin",
                "companyState": "Texas",
                "companyZipCode": "78701",
                "companyCountry": "United States",
                "companyphoneNumber": f"+1 555 {company}",
            },
            "salesRepInfo": {
                "salesRepName": f"{pick(words.FIRST, bits)} {name}",
                "salesRepEmail": words.email(key),
                "salesRepPhoneNumber": f"+1 555 {key}",
            },
            "quoteLogo": "",
            "storefrontAttachFiles": [file] if bits % 2 else [],
            "backendAttachFiles": [],
            "trackingHistory": [
                {"date": self._history.end - key, "role": f"Customer: {name}", "message": "When?"}
            ],
            "extraFields": _extra_fields(key),
            "extraFieldsInfo": [
                {
                    "id": 3,
                    "uuid": uuid(self._seed, 3),
                    "fieldName": "Project",
                    "fieldType": 3,
                    "isRequired": False,
                    "isUnique": False,
                    "visibleToEnduser": True,
                    "configType": 2,
                    "defaultValue": "",
                    "maximumLength": "",
                    "numberOfRows": "",
                    "maximumValue": "",
                    "listOfValue": ["East", "West"],
                }
            ],
            "recipients": [words.email(key + 1)],
            "expiredAt": self._history.end + 30 * DAY,
        }

    def _order(self, key: int, bits: int) -> Row:
        numbers: Row = {f"extraInt{nth}": None for nth in range(1, 6)}
        texts: Row = {f"extraStr{nth}": None for nth in range(1, 6)}
        total = 100.25 + bits % 1000
        return {
            "bcOrderId": self._of(self._orders, key),
            "companyId": self._some(self._companies, bits >> 5) if bits % 4 else 0,
            "totalIncTax": total,
            "usdIncTax": total,
            "poNumber": f"PO-{key}",
            "status": "Awaiting Payment",
            "customStatus": "Invoice sent",
            "statusCode": 7,
            "cartId": uuid(self._seed, 4, key),
            "items": 1 + bits % 50,
            "currencyCode": "USD",
            "money": [
                {
                    "currencyLocation": "left",
                    "currencyToken": "$",
                    "decimalToken": ".",
                    "decimalPlaces": 2,
                    "thousandsToken": ",",
                }
            ],
            "isArchived": bits % 9 == 0,
            "channelId": self._channel(bits >> 2),
            "channelName": "Storefront",
            **numbers,
            **texts,
            "extraText": None,
            "extraInfo": [{"billingAddressId": 1, "shippingAddressId": 2}],
            "extraFields": _extra_fields(key),
        }

    # Money

    def _invoice(self, key: int, bits: int) -> Row:
        where = {**_invoice_address(key, bits), "customFields": {}}
        amount = _money(key)
        line = {
            "sku": f"SKU-{key}",
            "type": "physical",
            "description": "Lamp",
            "comments": "",
            "quantity": "10",
            "unitPrice": _money(5),
            "unitDiscount": _money(0),
            "customFields": {},
        }
        return {
            "invoiceNumber": f"{key:08}",
            "type": "Invoice on Shipment",
            "status": bits % 3,
            "source": bits % 2,
            "customerId": str(self._some(self._companies, bits >> 5)),
            "customerName": "Trade",
            "externalId": f"erp-{key}",
            "externalCustomerId": "123",
            "orderNumber": str(self._of(self._orders, bits >> 8)),
            "purchaseOrderNumber": f"PO-{key}",
            "dueDate": self._history.end + key,
            "isPendingPayment": bits % 2,
            "originalBalance": amount,
            "openBalance": amount,
            "details": {
                "type": "StandardInvoiceDetails",
                "header": {
                    "orderDate": self._history.end - key,
                    "costLines": [{"description": "Subtotal", "amount": amount}],
                    "billingAddress": where,
                    "shippingAddresses": [where],
                    "customerFields": {},
                },
                "details": {
                    "lineItems": [line],
                    "shipments": [
                        {
                            "addressIndex": "0",
                            "shipDate": "2026-01-05",
                            "shipVia": "Van",
                            "trackingNumber": f"T{key}",
                            "comments": "",
                            "customFields": {},
                        }
                    ],
                },
            },
            "termsConditions": "30 days",
            "channelId": str(channel_id(0)),
            "channelName": "Storefront",
            "extraFields": _extra_fields(key),
        }

    def _payment(self, key: int, bits: int) -> Row:
        invoice = self._some(self._invoices, bits >> 5)
        return {
            **self._paid_by(bits),
            "details": {"memo": f"Check {key}"},
            "customerName": "Trade",
            "moduleName": "payments_offline",
            "moduleData": {
                "cartId": uuid(self._seed, 5, key),
                "orderId": self._of(self._orders, bits >> 8),
                "transactions": [{"type": "OfflineTransaction", "memo": "k", "rawTransaction": []}],
            },
            "fees": [{"type": "card", "description": "Card", "amount": 1.25}],
            "processingStatus": bits % 5,
            "appliedStatus": bits % 2,
            "fundingStatus": 2,
            "total": _money(key),
            "lineItems": [
                {
                    "paymentId": key,
                    "invoiceId": invoice,
                    "invoiceNumber": f"{invoice:08}",
                    "amount": _money(key),
                }
            ],
            "allowedOperations": [0, 1],
            "allowedStatuses": [1, 2, 3, 4],
            "channelId": str(channel_id(0)),
            "channelName": "Storefront",
        }

    def _transactions(self, at: int) -> list[Row]:
        """Of one payment; the API gives them no ids."""
        key = self._payments.columns["id"][at]
        card = {"type": "Visa", "last4": "1111", "expiryYear": 2050, "expiryMonth": 12}
        return [
            {
                "type": "CreditCardTransaction",
                "gateway": "test",
                "transactionId": f"{key}-{nth}",
                "authCode": "",
                "event": ("authorize", "capture", "refund")[nth],
                "card": card,
                "memo": "",
                "rawTransaction": "",
            }
            for nth in range(mix(self._seed, 6, key) % 4)
        ]

    def _receipt(self, key: int, bits: int) -> Row:
        return {
            **self._paid_by(bits),
            "details": {"paymentDetails": {"memo": "paid in full"}},
            "transactionType": "Paid",
            "paymentType": "Offline",
            "referenceNumber": f"R{key}",
            "paymentId": self._some(self._payments, bits >> 9),
            "total": _money(key),
        }

    def _receipt_line(self, key: int, bits: int) -> Row:
        invoice = self._some(self._invoices, bits >> 9)
        paid_by = self._paid_by(bits)
        return {
            **{name: paid_by[name] for name in paid_by if not name.startswith("payer")},
            "receiptId": self._some(self._receipts, bits >> 5),
            "invoiceId": invoice,
            "invoiceNumber": f"{invoice:08}",
            "paymentId": self._some(self._payments, bits >> 12),
            "amount": _money(key),
            "paymentStatus": bits % 5,
            "paymentType": "Offline",
            "referenceNumber": f"R{key}",
            "transactionType": "Paid",
        }

    def _paid_by(self, bits: int) -> Row:
        company = str(self._some(self._companies, bits >> 3))
        return {
            "storeHash": "sandbox",
            "customerId": company,
            "externalId": None if bits % 2 else "",
            "externalCustomerId": None,
            "payerName": f"{pick(words.FIRST, bits)} {pick(words.LAST, bits >> 4)}",
            "payerCustomerId": company,
        }

    # References

    def _some(self, table: Table, bits: int) -> int:
        return self._of(self._keys[table.name], bits)

    @staticmethod
    def _of(keys: Sequence[int], bits: int) -> int:
        return pick(keys, bits) if keys else 0

    def _channel(self, bits: int) -> int:
        return channel_id(bits % max(1, self._channels))

    def _channel_list(self, bits: int) -> list[Row]:
        icon = "https://shop.example.com/icon.svg"
        channel = self._channel(bits)
        return [{"channelId": channel, "channelName": f"Channel {channel}", "iconUrl": icon}]


def _person(key: int, bits: int) -> Row:
    return {
        "firstName": pick(words.FIRST, bits),
        "lastName": pick(words.LAST, bits >> 4),
        "email": words.email(key),
    }


def _extra_fields(key: int) -> list[Row]:
    return [{"fieldName": "Reference", "fieldValue": f"X{key}"}]


def _money(amount: int) -> Row:
    return {"code": "USD", "value": f"{amount}.5000"}


def _quote_address(key: int, bits: int) -> Row:
    city, state, code, country, country_code = pick(words.PLACES, bits)
    return {
        "address": f"{key} {pick(words.STREETS, bits)}",
        "apartment": "",
        "city": city,
        "state": state,
        "stateCode": state[:2].upper(),
        "zipCode": code,
        "country": country,
        "countryCode": country_code,
        "label": "Warehouse",
        "firstName": pick(words.FIRST, bits),
        "lastName": pick(words.LAST, bits),
        "addressId": key,
    }


def _invoice_address(key: int, bits: int) -> Row:
    city, state, code, country, _ = pick(words.PLACES, bits)
    return {
        "firstName": pick(words.FIRST, bits),
        "lastName": pick(words.LAST, bits),
        "street1": f"{key} {pick(words.STREETS, bits)}",
        "street2": "",
        "city": city,
        "state": state,
        "zipCode": code,
        "country": country,
    }


def _sales_staff(nth: int) -> Row:
    return {
        "id": 20_135 + nth,
        "email": words.email(nth),
        "salesRepName": f"{words.FIRST[nth]} {words.LAST[nth]}",
        "roleName": "Sales Rep",
        "companyCount": nth,
    }


def _channel(nth: int) -> Row:
    key = channel_id(nth)
    return {"id": nth + 1, "channelId": key, "name": f"Channel {key}", "type": "storefront"}


def _role(nth: int) -> Row:
    return {"id": nth + 1, "name": _ROLES[nth], "roleType": 1 + nth // 3, "roleLevel": 1}


def _permission(nth: int) -> Row:
    code = _PERMISSIONS[nth]
    name = code.replace("_", " ").capitalize()
    kind = code.rpartition("_")[2]
    return {
        "id": nth + 1,
        "code": code,
        "name": name,
        "description": name,
        "moduleName": kind,
        "isCustom": nth == 3,
    }


def _credit(at: int) -> Row:
    return {
        "creditEnabled": at % 2 == 0,
        "creditCurrency": "USD",
        "availableCredit": 100.25 + at,
        "limitPurchases": at % 3 == 0,
        "creditHold": False,
    }


def _terms(at: int) -> Row:
    return {"isEnabled": at % 2 == 0, "paymentTerms": (0, 5, 15, 30, 45, 60)[at % 6]}
