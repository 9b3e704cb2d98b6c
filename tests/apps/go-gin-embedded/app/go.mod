module example.com/board

go 1.25.3

require github.com/gin-gonic/gin v1.11.0
