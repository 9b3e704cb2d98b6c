export default function Page() {
  return <h1>hello from payload</h1>;
}
