import { render } from "preact";
render(<h1>hello from preact</h1>, document.getElementById("app"));
