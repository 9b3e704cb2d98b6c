export default { title: 'My Site', url: 'https://example.com', baseUrl: '/' }
