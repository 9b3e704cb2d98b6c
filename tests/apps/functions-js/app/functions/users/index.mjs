import { users } from '../_users.mjs'

export default () => users
