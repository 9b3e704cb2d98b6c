import { html, render } from "lit";
render(html`<h1>hello from lit</h1>`, document.getElementById("app")!);
