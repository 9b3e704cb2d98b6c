export const users = ['ada', 'grace']
