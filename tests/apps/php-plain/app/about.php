<?php include 'inc/head.php'; ?>
<p>About</p>
