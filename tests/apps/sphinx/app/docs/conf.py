project = "Hello"
extensions = []
html_theme = "furo"
