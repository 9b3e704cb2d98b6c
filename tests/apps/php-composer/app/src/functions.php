<?php

declare(strict_types=1);

namespace Greeter;

function spelled(int $number): string
{
    return (new \NumberFormatter('en', \NumberFormatter::SPELLOUT))->format($number);
}
