import gleam/erlang/process
import mist
import wisp

pub fn main() {
  wisp.configure_logger()
  let assert Ok(_) =
    mist.new(handler)
    |> mist.bind("0.0.0.0")
    |> mist.port(8000)
    |> mist.start
  process.sleep_forever()
}
