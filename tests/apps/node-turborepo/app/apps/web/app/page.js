export default () => 'web'
