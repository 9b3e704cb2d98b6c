activate :autoprefixer do |prefix|
  prefix.browsers = "last 2 versions"
end
