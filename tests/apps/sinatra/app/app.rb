require "sinatra"

get "/" do
  "Hello from #{ENV.fetch('GREETER')}"
end
