Rails.application.configure do
  config.enable_reloading = false
  config.eager_load = true
  config.active_storage.service = :local
  config.assume_ssl = true
  config.force_ssl = true
  config.logger = ActiveSupport::TaggedLogging.logger(STDOUT)
end
