"""The store's settings: one object for each area, as `/v3/settings/` sends them."""

from __future__ import annotations

from sandbox.table import Row


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
        "settings_robots": {"robots_txt_ssl": "User-agent: *\nDisallow: /cart.php\n"},
    }
