(defproject hello "0.1.0"
  :dependencies [[org.clojure/clojure "1.12.0"]
                 [ring/ring-jetty-adapter "1.14.2"]]
  :main ^:skip-aot hello.core
  :profiles {:uberjar {:aot :all}})
