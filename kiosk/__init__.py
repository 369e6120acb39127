"""The store's screens: pages for cashier, kiosk and customer display, and the local API they live on."""
