document.querySelector('#app').textContent = 'A board'
