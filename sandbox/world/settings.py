"""The store's settings: one object for each area, as `/v3/settings/` sends them."""

from __future__ import annotations

from sandbox.children import Children
from sandbox.table import Row, Table
from sandbox.world.small_tables import small_table

_MESSAGE = "We do not deliver there."
# What channels have of their own; of one, the others take what the store has.
_OF_CHANNELS: dict[str, Row] = {
    "settings_customer": {
        "privacy_settings": {"ask_shopper_for_tracking_consent": True, "policy_url": "/policy"},
        "customer_group_settings": {"guest_customer_group_id": 5, "default_customer_group_id": 1},
        "allow_global_logins": True,
    },
    "settings_order": {
        "notifications": {
            "order_placed": {"email_addresses": ["channel@example.com"]},
            "forward_invoice": {"email_addresses": []},
        },
    },
    "settings_checkout": {
        "checkout_type": "optimized_one_page",
        "guest_checkout_type": "enabled",
        "guest_checkout_for_existing_accounts": "allow",
        "policy_consent": "",
        "order_confirmation_contact_email": "channel@example.com",
        "is_order_terms_and_conditions_enabled": True,
        "order_terms_and_conditions_type": "link",
        "order_terms_and_conditions_link": "https://shop.example.com/terms",
        "order_terms_and_conditions_textarea": "",
        "should_redirect_to_storefront_for_auth": False,
        "custom_checkout_script_url": "",
        "order_confirmation_use_custom_checkout_script": False,
        "custom_order_confirmation_script_url": "",
        "custom_checkout_supports_uco_settings": False,
        "custom_checkout_sri_hash": "",
        "custom_order_confirmation_sri_hash": "",
    },
    "settings_cart": {"allow_purchasing": False},
    "settings_abandoned_cart": {
        "enable_notification": True,
        "email_customer_until_cart_is_recovered": False,
        "marketing_emails_require_customer_consent": True,
        "email_merchant_when_cart_is_converted": False,
        "email_merchant_when_cart_is_abandoned": True,
        "merchant_email_address": "channel@example.com",
        "merchant_abandoned_cart_email_frequency_type": "digest",
        "merchant_abandoned_cart_digest_email_frequency": 10,
    },
    "settings_shipping": {"checkout": {"out_of_delivery_zone_message": _MESSAGE}},
}


def channel_settings(channels: Table) -> tuple[Children, ...]:
    """What each channel has of its own: the first one all, the others nothing."""

    def of(own: Row, at: int) -> list[Row]:
        return [own if at == 0 else dict.fromkeys(own)]

    return tuple(
        Children(f"channel_{area}", channels, lambda at, own=own: of(own, at))  # type: ignore[misc]
        for area, own in _OF_CHANNELS.items()
    )


def setting_tables() -> tuple[Table, ...]:
    """The areas that are lists."""
    words = [{"locale": "en", "keys": {"hello": "Welcome back,"}}]
    return (
        small_table(
            "settings_search_filters",
            [
                {
                    "id": f"{kind}==",
                    "collapsed_by_default": kind == "price",
                    "display_name": kind.capitalize(),
                    "display_product_count": True,
                    "is_enabled": kind != "rating",
                    "items_to_show": 10,
                    "sort_by": "alpha",
                    "type": kind,
                }
                for kind in ("brand", "price", "rating")
            ],
            "number",
        ),
        small_table(
            "settings_analytics",
            [
                {
                    "id": key,
                    "channel_id": 1,
                    "name": name,
                    "code": code,
                    "enabled": key == 2,
                    "data_tag_enabled": False,
                    "version": 4,
                    "api_secret": "",
                }
                for key, name, code in ((2, "Google", "G-SANDBOX"), (3, "Pixel", ""))
            ],
        ),
        small_table(
            "email_templates",
            [
                {
                    "type_id": f"{kind}_email",
                    "subject": "Your order at {{store.name}}",
                    "body": "<p>{{lang 'hello'}}</p>",
                    "translations": words,
                }
                for kind in ("invoice", "createaccount", "combined_order_status")
            ],
            "number",
        ),
        small_table(
            "abandoned_cart_email_templates",
            [
                {
                    "id": key,
                    "notify_at_minutes": minutes,
                    "coupon_code": "",
                    "template": {"subject": "Still there?", "body": "", "translations": words},
                    "is_active": key == 1,
                    "sent_num": key * 7,
                }
                for key, minutes in ((1, 60), (2, 1440))
            ],
        ),
    )


def settings() -> dict[str, Row]:
    return {
        "settings_profile": {
            "store_address": "1 Main Street, Austin",
            "store_address_type": "Home Office",
            "store_email": "shop@example.com",
            "store_name": "Sandbox Store",
            "store_phone": "+1 555 0100",
        },
        "settings_locale": {
            "default_shopper_language": "en",
            "shopper_language_selection_method": "default_shopper_language",
            "store_country": "United States",
        },
        "settings_catalog": {
            "auto_approve_reviews": False,
            "enable_product_comparisons": True,
        },
        "settings_inventory": {
            "product_out_of_stock_behavior": "do_nothing",
            "option_out_of_stock_behavior": "label_option",
            "update_stock_behavior": "order_placed",
            "edit_order_stock_adjustment": True,
            "refund_order_stock_adjustment": False,
            "stock_level_display": "show_when_low",
            "default_out_of_stock_message": "Sold out",
            "hide_in_product_filtering": False,
            "show_pre_order_stock_levels": False,
            "show_out_of_stock_message": True,
        },
        "settings_seo": {
            "page_title": "Sandbox Store",
            "meta_description": "Things for the home",
            "meta_keywords": "home,gift",
            "www_redirect": "none",
        },
        "settings_search": {
            "content_product_sort": "relevance",
            "default_product_sort": "bestselling",
            "product_filtering_enabled": True,
            "search_suggest": True,
        },
        "settings_security": {
            "csp_header": {"enabled": False, "header_value": ""},
            "hsts": {
                "enabled": True,
                "include_preload": False,
                "include_subdomains": False,
                "max_age": "five_minutes",
            },
            "sitewide_https_enabled": True,
            "x_frame_options_header": {
                "allowed_url": "",
                "enabled": True,
                "setting": "same_origin",
            },
        },
        "settings_status": {
            "down_for_maintenance_message": "Back soon.",
            "prelaunch_message": "Coming soon.",
            "prelaunch_password": "let-me-in",
        },
        "settings_category": {
            "category_tree_depth": 4,
            "default_product_sort": "featured",
            "listing_mode": "grid",
        },
        "settings_product": {
            "show_product_price": True,
            "show_product_sku": True,
            "show_product_weight": False,
            "show_product_brand": True,
            "show_product_shipping": False,
            "show_product_rating": True,
            "show_add_to_cart_link": True,
            "default_preorder_message": "",
            "show_breadcrumbs_product_pages": "show_one",
            "show_add_to_cart_qty_box": True,
            "show_add_to_wishlist": True,
            "hide_price_from_guests": False,
        },
        "settings_units_of_measurement": {
            "weight_measurement": "KGS",
            "length_measurement": "Centimeters",
            "decimal_token": ".",
            "thousands_token": ",",
            "decimal_places": 2,
            "factoring_dimension": "depth",
        },
        "settings_email_statuses": {
            "abandoned_cart_email": True,
            "combined_order_status_email": True,
            "invoice_email": True,
            "product_review_email": False,
        },
        "settings_logo": {
            "favicon_url": None,
            "logo_image_url": None,
            "logo_text": "Sandbox Store",
            "type": "text",
        },
        "settings_inventory_notifications": {
            "low_stock_notification_address": ["stock@example.com"],
            "out_of_stock_notification_address": ["stock@example.com", "shop@example.com"],
        },
        "settings_tax": {
            "tax_entered_with_prices": False,
            "price_display_settings": {
                "control_panel_price_display_strategy": "EXCLUSIVE",
                "invoice_price_display_strategy": "ZONE",
            },
            "fallback_strategy": "FIXED",
            "should_subtract_store_tax": False,
            "should_use_geolocation_to_determine_guest_shopper_tax_zone": True,
            "guest_shopper_tax_zone_id": 1,
            "store_tax_zone_id": 1,
            "document_submission_strategy": "PAID",
            "rounding_strategy": "NO_ROUNDING",
        },
        "settings_promotion": {
            "promotions_triggered_by_products_with_zero_product_price": True,
            "promotions_apply_on_products_with_custom_product_price": False,
            "number_of_coupons_allowed_at_checkout": 1,
            "promotions_applied_on_original_product_price": True,
        },
        "settings_customer": {
            "privacy_settings": {"ask_shopper_for_tracking_consent": False, "policy_url": ""},
            "customer_group_settings": {
                "guest_customer_group_id": 5,
                "default_customer_group_id": 1,
            },
        },
        "settings_order": {
            "notifications": {
                "order_placed": {"email_addresses": ["shop@example.com"]},
                "forward_invoice": {"email_addresses": []},
            },
            "meta": {},
        },
        "settings_checkout": {
            "custom_checkout_script_url": "https://shop.example.com/checkout.js",
            "order_confirmation_use_custom_checkout_script": False,
            "custom_order_confirmation_script_url": "",
            "custom_checkout_supports_uco_settings": False,
            "custom_checkout_sri_hash": "",
            "custom_order_confirmation_sri_hash": "",
        },
        "settings_cart": {"allow_purchasing": True},
        "settings_abandoned_cart": {
            "enable_notification": True,
            "email_customer_until_cart_is_recovered": True,
            "marketing_emails_require_customer_consent": False,
            "email_merchant_when_cart_is_converted": True,
            "email_merchant_when_cart_is_abandoned": False,
            "merchant_email_address": "shop@example.com",
            "merchant_abandoned_cart_email_frequency_type": "every",
            "merchant_abandoned_cart_digest_email_frequency": None,
        },
        "settings_shipping": {
            "checkout": {
                "country_list_strategy": "ALL",
                "out_of_delivery_zone_message": _MESSAGE,
            }
        },
        "settings_robots": {"robots_txt_ssl": "User-agent: *\nDisallow: /cart.php\n"},
    }
