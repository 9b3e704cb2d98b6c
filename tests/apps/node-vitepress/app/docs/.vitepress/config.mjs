export default { title: 'Docs' }
