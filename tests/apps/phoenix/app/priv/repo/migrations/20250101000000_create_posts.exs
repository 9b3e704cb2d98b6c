defmodule Hello.Repo.Migrations.CreatePosts do
  use Ecto.Migration
end
