from site1 import create_app

app = create_app()
