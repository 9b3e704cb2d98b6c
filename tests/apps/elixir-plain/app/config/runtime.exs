import Config

config :clock, greeting: System.get_env("GREETING") || "Hello"
