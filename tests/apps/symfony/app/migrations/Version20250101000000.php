<?php

namespace DoctrineMigrations;
