import Config

config :hello, HelloWeb.Endpoint, cache_static_manifest: "priv/static/cache_manifest.json"
