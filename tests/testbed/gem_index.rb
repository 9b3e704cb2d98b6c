# Makes of the gems that Debian installed a source of gems in a folder, as rubygems.org is one.
require "fileutils"
require "rubygems/package"
require "tmpdir"
require "zlib"

folder = ARGV.shift
FileUtils.mkdir_p(["#{folder}/gems", "#{folder}/quick/Marshal.4.8"])
made = ARGV.map do |name|
  installed = Gem::Specification.find_by_name(name)
  spec = Gem::Specification.new(name, installed.version.to_s) do |it|
    it.summary, it.authors, it.license = installed.summary, ["Debian"], "MIT"
    it.executables, it.bindir = installed.executables, "bin"
    installed.runtime_dependencies.each { |one| it.add_dependency(one.name, *one.requirement.as_list) }
  end
  Dir.mktmpdir do |above|
    Dir.chdir(above) do
      installed.full_require_paths.each { |path| FileUtils.cp_r("#{path}/.", "lib") if path.include?(installed.full_name) }
      FileUtils.mkdir_p("bin")
      installed.executables.each { |program| FileUtils.cp(installed.bin_file(program), "bin/#{program}") }
      spec.files = Dir["{bin,lib}/**/*"].select { |file| File.file?(file) }
      FileUtils.mv(Gem::Package.build(spec, true), "#{folder}/gems")
    end
  end
  File.binwrite("#{folder}/quick/Marshal.4.8/#{spec.full_name}.gemspec.rz", Zlib.deflate(Marshal.dump(spec)))
  [spec.name, spec.version, "ruby"]
end
{ "specs" => made, "latest_specs" => made, "prerelease_specs" => [] }.each do |kind, listed|
  Zlib::GzipWriter.open("#{folder}/#{kind}.4.8.gz") { |file| file.write(Marshal.dump(listed)) }
end
