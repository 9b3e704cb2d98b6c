import { createBrowserRouter } from 'react-router-dom'
