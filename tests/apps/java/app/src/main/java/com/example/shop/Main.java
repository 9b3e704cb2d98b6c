package com.example.shop;

import io.javalin.Javalin;

public class Main {
    public static void main(String[] args) {
        int port = Integer.parseInt(System.getenv("PORT"));
        Javalin.create()
            .get("/hello/{name}", context -> context.result("Hello, " + context.pathParam("name") + ", from Java"))
            .start(port);
    }
}
