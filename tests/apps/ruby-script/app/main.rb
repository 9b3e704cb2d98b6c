require "webrick"

server = WEBrick::HTTPServer.new(Port: ENV.fetch("PORT", 3000), BindAddress: "0.0.0.0")
server.mount_proc("/") { |_, response| response.body = "Hello" }
trap("TERM") { server.shutdown }
server.start
