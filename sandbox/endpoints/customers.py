"""Customers and what surrounds them."""

from __future__ import annotations

from sandbox.endpoints.common import (
    CREATED,
    CUSTOMERS,
    INFORMATION,
    INSTRUMENTS,
    MODIFIED,
    MODIFY_CUSTOMERS,
    V2,
    V3,
    counted,
    metafields,
    of_parent,
)
from sandbox.route import Filters, Kind, Meta, Paging, Route, v3_filters

CUSTOMER_FILTERS: Filters = {
    **v3_filters("id", "in", Kind.INT),
    **v3_filters("email", "in", Kind.TEXT),
    **CREATED,
    **MODIFIED,
}

SUBSCRIBER_FILTERS: Filters = {
    **v3_filters("id", "in", Kind.INT),
    **CREATED,
    **MODIFIED,
}

ROUTES: tuple[Route, ...] = (
    Route(
        "customers.list",
        V3,
        "/v3/customers",
        "customers",
        CUSTOMERS,
        paging=Paging.CURSOR,
        filters=CUSTOMER_FILTERS,
        sorts=("last_name",),
        includes=("addresses", "storecredit", "attributes", "formfields"),
    ),
    Route(
        "customer_addresses.list",
        V3,
        "/v3/customers/addresses",
        "customer_addresses",
        CUSTOMERS,
        includes=("formfields",),
    ),
    Route(
        "customer_attributes.list",
        V3,
        "/v3/customers/attributes",
        "customer_attributes",
        CUSTOMERS,
        filters=MODIFIED,
        meta=Meta.NOTHING,
    ),
    Route(
        "customer_attribute_values.list",
        V3,
        "/v3/customers/attribute-values",
        "customer_attribute_values",
        CUSTOMERS,
        filters=MODIFIED,
    ),
    Route(
        "customer_form_field_values.list",
        V3,
        "/v3/customers/form-field-values",
        "customer_form_field_values",
        CUSTOMERS,
        paging=Paging.CURSOR,
    ),
    Route(
        "customer_groups.list",
        V2,
        "/v2/customer_groups",
        "customer_groups",
        CUSTOMERS,
        concurrent=40,
    ),
    counted("customer_groups", "/v2/customer_groups", CUSTOMERS),
    metafields("customer", "/v3/customers/metafields", CUSTOMERS),
    of_parent("customer_consent", "/v3/customers/{customer_id}/consent", CUSTOMERS, bare=True),
    Route(
        "customer_stored_instruments.list",
        V3,
        "/v3/customers/{customer_id}/stored-instruments",
        "customer_stored_instruments",
        INSTRUMENTS,
        paging=Paging.NONE,
        bare=True,
    ),
    Route(
        "segments.list",
        V3,
        "/v3/segments",
        "segments",
        CUSTOMERS,
    ),
    Route("shopper_profiles.list", V3, "/v3/shopper-profiles", "shopper_profiles", CUSTOMERS),
    Route(
        "segment_shopper_profiles.list",
        V3,
        "/v3/segments/{segment_id}/shopper-profiles",
        "segment_shopper_profiles",
        MODIFY_CUSTOMERS,
    ),
    Route(
        "customer_tax.list",
        V3,
        "/v3/tax/customers",
        "customer_tax",
        INFORMATION,
        paging=Paging.NONE,
        meta=Meta.NOTHING,
    ),
    Route(
        "subscribers.list",
        V3,
        "/v3/customers/subscribers",
        "subscribers",
        CUSTOMERS,
        filters=SUBSCRIBER_FILTERS,
    ),
    Route(
        "wishlists.list",
        V3,
        "/v3/wishlists",
        "wishlists",
        CUSTOMERS,
    ),
)
