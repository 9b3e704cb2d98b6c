export default { base: '/guide/' }
