<h1>Laravel</h1>
