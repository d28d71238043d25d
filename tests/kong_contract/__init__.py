"""What a Kong 3.9.1 promises: cases for any node whose addresses are in KONG_ADMIN_URL and KONG_PROXY_URL."""
