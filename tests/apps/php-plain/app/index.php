<?php
$link = mysqli_connect(getenv('DB_HOST'), getenv('DB_USER'), getenv('DB_PASSWORD'), 'shop');
include 'inc/head.php';
?>
<h1>Shop</h1>
