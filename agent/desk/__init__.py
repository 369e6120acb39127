"""The desk process: pages and local API, courier and feed, its link to core."""
