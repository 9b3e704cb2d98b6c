import os

from fastapi import FastAPI

app = FastAPI()
TOKEN = os.environ["API_TOKEN"]


@app.get("/")
def hello():
    return {"hello": "from FastAPI"}
