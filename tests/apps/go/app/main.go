package main

import (
	"html/template"
	"log"
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"
)

func main() {
	page := template.Must(template.ParseGlob("templates/*.html"))
	router := chi.NewRouter()
	router.Get("/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		if err := page.ExecuteTemplate(w, "hello.html", chi.URLParam(r, "name")); err != nil {
			log.Print(err)
		}
	})
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), router))
}
