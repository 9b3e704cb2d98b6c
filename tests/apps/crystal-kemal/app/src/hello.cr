require "kemal"

get "/" do
  "Hello"
end

Kemal.run
