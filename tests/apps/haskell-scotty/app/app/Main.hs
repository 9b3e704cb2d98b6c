module Main where

import System.Environment (lookupEnv)
import Web.Scotty

main :: IO ()
main = do
  port <- maybe 3000 read <$> lookupEnv "PORT"
  scotty port $ get "/" $ text "Hello"
