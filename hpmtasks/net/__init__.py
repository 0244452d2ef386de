"""net: the wire: connections, retries, redirects, proxies and tokens. The only room that knows HTTP."""
