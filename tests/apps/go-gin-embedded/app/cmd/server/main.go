package main

import (
	"io/fs"
	"log"
	"net/http"

	"example.com/board/web"
	"github.com/gin-gonic/gin"
)

func main() {
	files, err := fs.Sub(web.Files, "dist")
	if err != nil {
		log.Fatal(err)
	}
	router := gin.Default()
	router.StaticFS("/app", http.FS(files))
	log.Fatal(router.Run())
}
