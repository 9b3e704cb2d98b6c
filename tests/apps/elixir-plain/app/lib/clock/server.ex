defmodule Clock.Server do
  def listen(port) do
    {:ok, socket} = :gen_tcp.listen(port, [:binary, packet: :http_bin, active: false, reuseaddr: true, ip: {0, 0, 0, 0}])
    accept(socket)
  end

  defp accept(socket) do
    {:ok, client} = :gen_tcp.accept(socket)
    spawn(fn -> answer(client) end)
    accept(socket)
  end

  defp answer(client) do
    case :gen_tcp.recv(client, 0) do
      {:ok, :http_eoh} ->
        body = Application.get_env(:clock, :greeting, "Hello")
        head = "HTTP/1.1 200 OK\r\ncontent-length: #{byte_size(body)}\r\nconnection: close\r\n\r\n"
        :gen_tcp.send(client, [head, body])
        :gen_tcp.close(client)

      {:ok, _line} ->
        answer(client)

      {:error, _reason} ->
        :gen_tcp.close(client)
    end
  end
end
