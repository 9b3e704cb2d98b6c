defmodule Clock.Application do
  use Application

  def start(_type, _args) do
    port = String.to_integer(System.get_env("PORT", "4000"))
    Supervisor.start_link([{Task, fn -> Clock.Server.listen(port) end}], strategy: :one_for_one)
  end
end
