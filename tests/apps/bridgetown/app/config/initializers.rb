Bridgetown.configure do |config|
  template_engine "erb"
end
