"""Customers and what surrounds them."""

from __future__ import annotations

from sandbox.endpoints.common import (
    CUSTOMERS,
    DATES,
    ID_IN,
    INFORMATION,
    MODIFY_CUSTOMERS,
    V2,
    V3,
    metafields,
)
from sandbox.route import Filters, Kind, Meta, Paging, Route, v3_filters
from sandbox.table import Row
from sandbox.world.customer_lists import attribute_name
from sandbox.world.customers import field_type


def full_name(row: Row) -> str:
    return f"{row['first_name']} {row['last_name']}"


CUSTOMER_FILTERS: Filters = {
    **ID_IN,
    **v3_filters("company", "in", Kind.TEXT),
    **v3_filters("customer_group_id", "in", Kind.INT),
    **DATES,
    **v3_filters("email", "in", Kind.TEXT),
    **v3_filters("name", "in like", Kind.TEXT, full_name),
    **v3_filters("phone", "in", Kind.TEXT),
    **v3_filters("registration_ip_address", "in", Kind.TEXT),
}

ADDRESS_FILTERS: Filters = {
    **ID_IN,
    **v3_filters("company", "in", Kind.TEXT),
    **v3_filters("name", "in", Kind.TEXT, full_name),
    **v3_filters("customer_id", "in", Kind.INT),
}

ATTRIBUTE_FILTERS: Filters = {
    **v3_filters("name", "eq like", Kind.TEXT),
    **v3_filters("type", "eq", Kind.TEXT),
    **DATES,
}

ATTRIBUTE_VALUE_FILTERS: Filters = {
    **v3_filters("customer_id", "in", Kind.INT),
    **v3_filters("attribute_id", "in", Kind.INT),
    **v3_filters("name", "eq", Kind.TEXT, lambda row: attribute_name(row["attribute_id"] - 1)),
    **DATES,
}

FORM_FIELD_FILTERS: Filters = {
    # A value of an address does not name its customer, and so is found by its address only.
    **v3_filters("customer_id", "eq", Kind.INT, lambda row: row.get("customer_id")),
    **v3_filters("address_id", "eq", Kind.INT),
    **v3_filters("field_name", "eq", Kind.TEXT, "name"),
    **v3_filters("field_type", "eq", Kind.TEXT, field_type),
}

GROUP_FILTERS: Filters = {
    **v3_filters("name", "eq like", Kind.TEXT),
    **v3_filters("is_default", "eq", Kind.BOOL),
    **v3_filters("is_group_for_guests", "eq", Kind.BOOL),
    **DATES,
}

SUBSCRIBER_FILTERS: Filters = {
    **v3_filters("id", "eq in", Kind.INT),
    **v3_filters("email", "eq", Kind.TEXT),
    **v3_filters("first_name", "eq", Kind.TEXT),
    **v3_filters("last_name", "eq", Kind.TEXT),
    **v3_filters("source", "eq", Kind.TEXT),
    **v3_filters("order_id", "eq", Kind.INT),
    **DATES,
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
        sorts=("date_created", "last_name", "date_modified"),
        includes=(
            "addresses",
            "storecredit",
            "attributes",
            "formfields",
            "shopper_profile_id",
            "segment_ids",
        ),
    ),
    Route(
        "customer_addresses.list",
        V3,
        "/v3/customers/addresses",
        "customer_addresses",
        CUSTOMERS,
        filters=ADDRESS_FILTERS,
        includes=("formfields",),
    ),
    Route(
        "customer_attributes.list",
        V3,
        "/v3/customers/attributes",
        "customer_attributes",
        CUSTOMERS,
        filters=ATTRIBUTE_FILTERS,
        meta=Meta.NOTHING,
    ),
    Route(
        "customer_attribute_values.list",
        V3,
        "/v3/customers/attribute-values",
        "customer_attribute_values",
        CUSTOMERS,
        filters=ATTRIBUTE_VALUE_FILTERS,
    ),
    Route(
        "customer_form_field_values.list",
        V3,
        "/v3/customers/form-field-values",
        "customer_form_field_values",
        CUSTOMERS,
        paging=Paging.CURSOR,
        filters=FORM_FIELD_FILTERS,
    ),
    Route(
        "customer_groups.list",
        V2,
        "/v2/customer_groups",
        "customer_groups",
        CUSTOMERS,
        filters=GROUP_FILTERS,
        concurrent=40,
    ),
    metafields("customer", "/v3/customers/metafields", CUSTOMERS),
    Route(
        "segments.list",
        V3,
        "/v3/segments",
        "segments",
        CUSTOMERS,
        filters=v3_filters("id", "in", Kind.TEXT),
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
        filters=v3_filters("customer_id", "in", Kind.INT),
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
        filters=v3_filters("customer_id", "eq", Kind.INT),
    ),
)
