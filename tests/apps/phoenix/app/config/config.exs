import Config

config :hello, ecto_repos: [Hello.Repo]

import_config "#{config_env()}.exs"
