class CreateUsers < ActiveRecord::Migration[7.2]
end
