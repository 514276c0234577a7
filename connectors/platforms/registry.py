"""Every platform, in one explicit tuple."""

from connectors.platforms.contract import Platform
from connectors.platforms.shopify import SHOPIFY
from connectors.platforms.woocommerce import WOOCOMMERCE

PLATFORMS: tuple[Platform, ...] = (SHOPIFY, WOOCOMMERCE)
BY_NAME: dict[str, Platform] = {platform.name: platform for platform in PLATFORMS}
